"""The Rasa assistant of Sahayak: input channel, language generation and understanding components."""

"""What people see and say: commands, messages, the command line. Makes no cloud call."""

"""What the shop's five services are made of; their code lies in `releases/`, one folder per version."""

"""From sound to transcripts: a recogniser of sung words, where its weights come from, and what it invents."""

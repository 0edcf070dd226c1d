"""What a choice of images covers, against random ones: measures, sentences and files."""

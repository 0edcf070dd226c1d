"""What may be wrong with a set: outliers, duplicates, faulty pictures, wrong labels."""

"""A company's tables: where they are, what each column is, what a row must honour, and which rows are set aside."""

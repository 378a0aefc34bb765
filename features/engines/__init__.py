"""The engines that can hold a company's tables, and how expressions are said to each."""

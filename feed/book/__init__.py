"""Price-time order books: matching, an exchange of many books, and views rebuilt from rows."""

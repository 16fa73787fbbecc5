"""Courses: members, assignments, what is handed in, hidden tests, exams."""

"""Behind `manage.py up`: every process of an embedded installation, as one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0006_verdicts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScheduleDefault",
            fields=[
                (
                    "name",
                    models.CharField(max_length=200, primary_key=True, serialize=False),
                ),
                ("declared", models.JSONField()),
                (
                    "schedule",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="default",
                        to="automation.schedule",
                    ),
                ),
            ],
            options={
                "db_table": "schedule_defaults",
                "ordering": ("name",),
            },
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                ("took_ms", models.PositiveIntegerField()),
                ("figures", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "metric_standing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="metric_standing_one_row"
                    )
                ],
            },
        ),
    ]

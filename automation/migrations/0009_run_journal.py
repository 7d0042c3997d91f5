from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("automation", "0008_notices")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="journal",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["kind", "-id"], name="runs_by_kind"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=~Q(lane=""), fields=["lane", "-id"], name="runs_by_lane"
            ),
        ),
    ]

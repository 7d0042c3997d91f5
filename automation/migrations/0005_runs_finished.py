from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('automation', '0004_submissions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['finished_at'], condition=Q(finished_at__isnull=False), name='runs_finished'),
        ),
    ]

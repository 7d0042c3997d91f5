from django.db import migrations, models


class Migration(migrations.Migration):
    """Slots get a verdict; those that stand already are past judging."""

    dependencies = [
        ('automation', '0005_runs_finished'),
    ]

    operations = [
        migrations.AddField(
            model_name='scheduleslot',
            name='verdict',
            field=models.CharField(blank=True, choices=[('', 'Not known yet'), ('well', 'Went well'), ('failed', 'Failed'), ('none', 'Says nothing')], default='none', max_length=8),
        ),
        migrations.AlterField(
            model_name='scheduleslot',
            name='verdict',
            field=models.CharField(blank=True, choices=[('', 'Not known yet'), ('well', 'Went well'), ('failed', 'Failed'), ('none', 'Says nothing')], default='', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='scheduleslot',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ('', 'well', 'failed', 'none'))), name='schedule_slots_known_verdict'),
        ),
        migrations.AddIndex(
            model_name='scheduleslot',
            index=models.Index(condition=models.Q(('outcome', 'opened'), ('verdict', '')), fields=['run'], name='schedule_slots_to_judge'),
        ),
    ]

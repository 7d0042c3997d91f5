from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("automation", "0009_run_journal")]

    operations = [
        migrations.AlterModelOptions(
            name="delivery",
            options={
                "ordering": ("-created_at", "-pk"),
                "verbose_name_plural": "deliveries",
            },
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0020_lifted_suppression'),
    ]

    operations = [
        migrations.AlterField(
            model_name='import',
            name='state',
            field=models.CharField(choices=[('reading', 'Being read'), ('draft', 'Being set up'), ('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('stopped', 'Stopped'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='queued', max_length=10),
        ),
    ]

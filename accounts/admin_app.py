from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """Django's admin with the desk's own door. Apart from the site, which needs the models to be there already."""

    default_site = "accounts.admin_site.DeskAdminSite"

"""Fixtures that several integration tests share."""

from tests.integration.openstack.project import openstack_project

__all__ = ["openstack_project"]

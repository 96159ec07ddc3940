"""The stores: the only place that knows PostgreSQL."""

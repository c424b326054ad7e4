from query.haystack.routes import router

__all__ = ["router"]

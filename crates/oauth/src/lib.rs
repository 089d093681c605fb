//! Protocol decisions of OAuth2: pure functions of a request, the facts and the time.

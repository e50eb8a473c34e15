//! Pages, rendered here first and then taken over by the browser.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use berth_api::context::ApiState;
use berth_app::{App, SsoName, shell};
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions};
use tower::ServiceExt;

use super::Web;

pub fn routes(web: &Web) -> Router<Web> {
    // Server functions have a route of their own, `api`.
    let functions = server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.to_owned())
        .collect();
    let routes = generate_route_list_with_exclusions(App, Some(functions));
    let options = web.leptos.clone();
    Router::new()
        .leptos_routes_with_context(web, routes, context(web), move || shell(options.clone()))
        .route_layer(middleware::from_fn_with_state(
            web.api.clone(),
            picture_first,
        ))
}

/// What every page is made with.
fn context(web: &Web) -> impl Fn() + Clone + Send + Sync + 'static {
    let api = web.api.clone();
    let provider = web.logins.provider.as_ref();
    let sso = SsoName(provider.map(|provider| provider.name().to_owned()));
    move || {
        provide_context(api.clone());
        provide_context(sso.clone());
        // Scripts run that this page brings along, and no others.
        if let (Some(nonce), Some(answer)) = (use_nonce(), use_context::<ResponseOptions>()) {
            let policy = format!(
                "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
                 style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; \
                 object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            );
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                answer.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
}

/// What every page waits for is there before it is made: `leptos` forgets about one page in a thousand when
/// several of its parts wait for the same, and it then never ends (leptos-rs/leptos#4851, and still so in
/// 0.8.23).
async fn picture_first(State(api): State<ApiState>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(api.picture().await);
    next.run(request).await
}

/// A static file, or the page that says that there is nothing here.
pub async fn fallback(State(web): State<Web>, request: Request) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let (mut parts, _) = request.into_parts();
        let file = Request::from_parts(parts.clone(), Body::empty());
        if let Ok(found) = web.site.file_service().oneshot(file).await
            && found.status().is_success()
        {
            return found.into_response();
        }
        parts.extensions.insert(web.api.picture().await);
        let options = web.leptos.clone();
        let render = leptos_axum::render_app_to_stream_with_context(context(&web), move || {
            shell(options.clone())
        });
        let page = Request::from_parts(parts, Body::empty());
        let mut answer = render(page).await.into_response();
        *answer.status_mut() = axum::http::StatusCode::NOT_FOUND;
        return answer;
    }
    axum::http::StatusCode::METHOD_NOT_ALLOWED.into_response()
}

//! Paths of the API: `/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/status`.

/// What a path names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// `v1` or `group/version`.
    pub api: String,
    pub namespace: Option<String>,
    pub plural: String,
    pub name: Option<String>,
    pub status: bool,
}

pub fn parse(path: &str) -> Option<Route> {
    let mut parts = path.trim_matches('/').split('/').map(str::to_owned);
    let api = match &*parts.next()? {
        "api" => parts.next()?,
        "apis" => format!("{}/{}", parts.next()?, parts.next()?),
        _ => return None,
    };
    let mut route = Route {
        api,
        ..Route::default()
    };
    let mut rest: Vec<String> = parts.collect();
    // Namespaces themselves are `namespaces/NAME`.
    if rest.first().is_some_and(|part| part == "namespaces") && rest.len() > 2 {
        route.namespace = Some(rest.remove(1));
        rest.remove(0);
    }
    let mut rest = rest.into_iter();
    route.plural = rest.next()?;
    route.name = rest.next();
    route.status = rest.next().is_some_and(|part| part == "status");
    Some(route)
}

impl Route {
    /// The plural with its group, as messages have it.
    pub fn resource(&self) -> String {
        match self.api.split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.clone(),
        }
    }
}

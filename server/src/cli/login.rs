//! Signing in from the command line, once, for all that asks the service over REST: this program, curl and scripts.
//!
//! `ihuriro login` keeps the tokens in a file of the user's configuration folder ([`kept`]), `ihuriro token` prints an access token that
//! holds for another minute at least, and `ihuriro logout` ends the login at the service.

mod browser;
mod kept;
mod owed;
mod service;

use std::env;
use std::error::Error;
use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Ended;
use kept::{Kept, KeptLogin, Tokens};
use service::Said;
pub(super) use service::{Failed, Service};

const NOT_SIGNED_IN: &str = "you are not signed in: ihuriro login --server URL";

#[derive(Debug, Args)]
pub(super) struct Login {
    /// The address of the service, as https://ihuriro.example.rw; left out, that of the last login.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// What you sign in with; left out, that of the last login, or it is asked for.
    #[arg(long)]
    login: Option<String>,
    /// Choose a password first, with the code that somebody read to you: when you sign in for the first time, or forgot your password.
    #[arg(long, conflicts_with = "with_provider")]
    with_code: bool,
    /// Sign in with the identity provider of your organisation, in a browser on this machine. A password is not asked for.
    #[arg(long)]
    with_provider: bool,
    /// The code of the organisation whose provider it is; left out, that of the last login.
    #[arg(long, value_name = "CODE", requires = "with_provider")]
    organisation: Option<String>,
    /// Link your account at the provider with the login that is kept, which a password gave a moment ago; from then on the provider is enough.
    #[arg(long, requires = "with_provider")]
    link: bool,
}

#[derive(Debug, Args)]
pub(super) struct Token {}

#[derive(Debug, Args)]
pub(super) struct Logout {}

/// What `POST /v1/login` and `POST /v1/login/refresh` answer.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: i64,
    refresh_token: String,
    device_token: Option<String>,
}

impl Answer {
    fn tokens(self, now: Timestamp) -> Tokens {
        let Self { access_token, refresh_token, expires_in, .. } = self;
        Tokens { access_token, refresh_token, received_at: now, expires_in }
    }
}

impl KeptLogin {
    /// A new login, of which nothing else is known yet.
    fn at(service: &Service, answer: Answer) -> Self {
        let (server, tokens) = (service.server().to_owned(), Some(answer.tokens(Timestamp::now())));
        Self { server, login: None, organisation: None, device_token: None, tokens }
    }
}

impl Login {
    pub(super) fn run(self) -> Ended {
        // The file is not held while a person types: other commands go on with the login of before.
        let before = Kept::open()?.login;
        let server = self.server.clone().or_else(|| before.as_ref().map(|it| it.server.clone()));
        let server = server.ok_or("say where the service is: ihuriro login --server URL")?;
        let service = Service::at(&server)?;
        let before = before.filter(|it| it.server == service.server());
        let mut password = None;
        let new = if self.with_provider {
            let named = self.organisation.or_else(|| before.and_then(|it| it.organisation));
            let organisation = named.ok_or("say whose provider it is: --organisation CODE")?;
            if self.link {
                return link(&service, &organisation);
            }
            let answer = sign_in_with_provider(&service, &organisation)?;
            KeptLogin { organisation: Some(organisation), ..KeptLogin::at(&service, answer) }
        } else {
            let login = match self.login.or_else(|| before.as_ref().and_then(|it| it.login.clone())) {
                Some(login) => login,
                None => ask("Login: ")?,
            };
            let same = before.filter(|it| it.login.as_ref() == Some(&login));
            let known_by = same.and_then(|it| it.device_token);
            let (chosen, device_token) = match self.with_code {
                true => owed::choose_password(&service, &login)?,
                false => (current_password()?, known_by),
            };
            let answer = sign_in(&service, &login, &chosen, device_token.as_deref())?;
            password = Some(chosen);
            let device_token = answer.device_token.clone().or(device_token);
            KeptLogin { login: Some(login), device_token, ..KeptLogin::at(&service, answer) }
        };
        let access_token = new.tokens.as_ref().map(|tokens| tokens.access_token.clone()).unwrap_or_default();
        keep(new)?;
        owed::settle(&service, &access_token, password.as_deref())?;
        println!("{}", greeting(&service, &access_token)?);
        Ok(())
    }
}

/// Keeps a login in the place of the one of before, which is ended: nobody could end it from here once its tokens are gone.
fn keep(new: KeptLogin) -> Ended {
    let mut kept = Kept::open()?;
    let replaced = kept.login.replace(new);
    kept.save()?;
    drop(kept);
    if let Some(replaced) = replaced
        && let Err(error) = end(&replaced)
    {
        eprintln!("The login of before at {} could not be ended: {error}", replaced.server);
    }
    Ok(())
}

/// Signs in with a provider. What the service asks for beside it is asked of the person, who then passes by the provider once more: what
/// that gave is for one use.
fn sign_in_with_provider(service: &Service, organisation: &str) -> Result<Answer, Box<dyn Error>> {
    let (mut code, mut link) = (Value::Null, Value::Null);
    loop {
        let mut body = browser::proof(service, organisation)?;
        body["code"] = code.clone();
        body["link"] = link.clone();
        match service.post("/v1/login/provider/finish", &body) {
            Err(Failed::Refused(said)) if said.slug == "code-needed" && code.is_null() => {
                code = ask("Code of your app: ")?.into();
            }
            Err(Failed::Refused(said)) if said.slug == "provider-not-linked" && link.is_null() => {
                eprintln!("{said}");
                let login = ask("Login: ")?;
                link = json!({"login": login, "code": ask("The code that was read to you: ")?});
            }
            other => return Ok(other?),
        }
    }
}

/// Links the account of whoever is signed in with the one that they have at a provider.
fn link(service: &Service, organisation: &str) -> Ended {
    let access_token = access_token()?;
    let proof = browser::proof(service, organisation)?;
    service.put::<()>("/v1/me/identity-provider", &access_token, &proof)?;
    println!("Linked: from now on `ihuriro login --with-provider` is enough.");
    Ok(())
}

impl Token {
    pub(super) fn run(self) -> Ended {
        println!("{}", access_token()?);
        Ok(())
    }
}

impl Logout {
    pub(super) fn run(self) -> Ended {
        let mut kept = Kept::open()?;
        let login = kept.login.as_mut().filter(|login| login.tokens.is_some()).ok_or(NOT_SIGNED_IN)?;
        end(login)?;
        login.tokens = None;
        println!("Signed out at {}.", login.server);
        Ok(kept.save()?)
    }
}

/// The service at which somebody is signed in, and an access token as [`access_token`] gives it.
pub(super) fn signed_in() -> Result<(Service, String), Box<dyn Error>> {
    let access_token = access_token()?;
    let login = Kept::open()?.login.ok_or(NOT_SIGNED_IN)?;
    Ok((Service::at(&login.server)?, access_token))
}

/// An access token of the login that is kept, which holds for another minute at least.
fn access_token() -> Result<String, Box<dyn Error>> {
    // Held to the end: whoever comes meanwhile finds the tokens that this gets.
    let mut kept = Kept::open()?;
    let login = kept.login.as_mut().ok_or(NOT_SIGNED_IN)?;
    let tokens = login.tokens.as_ref().ok_or(NOT_SIGNED_IN)?;
    let now = Timestamp::now();
    if tokens.hold(now) {
        return Ok(tokens.access_token.clone());
    }
    match refresh(&Service::at(&login.server)?, &tokens.refresh_token) {
        Ok(answer) => {
            let tokens = answer.tokens(now);
            let access_token = tokens.access_token.clone();
            login.tokens = Some(tokens);
            kept.save()?;
            Ok(access_token)
        }
        // The service knows it no more: nobody is to try it again.
        Err(Failed::Refused(said)) if said.status == 401 => {
            login.tokens = None;
            kept.save()?;
            Err(format!("{said} ({NOT_SIGNED_IN})").into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The next tokens. Asked for once more where the answer was lost: the service gives them again for half a minute.
fn refresh(service: &Service, refresh_token: &str) -> Result<Answer, Failed> {
    let ask = || service.post("/v1/login/refresh", &json!({"refresh_token": refresh_token}));
    match ask() {
        Err(Failed::Unreachable(_)) => ask(),
        other => other,
    }
}

/// Signs in; asks for a code once the service says that one is needed.
fn sign_in(
    service: &Service,
    login: &str,
    password: &str,
    device_token: Option<&str>,
) -> Result<Answer, Box<dyn Error>> {
    let mut body = json!({"login": login, "password": password, "device_token": device_token});
    match service.post("/v1/login", &body) {
        Err(Failed::Refused(Said { slug, .. })) if slug == "code-needed" => {
            body["code"] = ask("Code of your app: ")?.into();
            Ok(service.post("/v1/login", &body)?)
        }
        other => Ok(other?),
    }
}

/// Ends a login at its service, if one goes on.
fn end(login: &KeptLogin) -> Result<(), Box<dyn Error>> {
    let Some(tokens) = &login.tokens else { return Ok(()) };
    let body = json!({"refresh_token": tokens.refresh_token});
    Ok(Service::at(&login.server)?.post::<()>("/v1/logout", &body)?)
}

/// As whom somebody is signed in; or what their account demands before anything else.
fn greeting(service: &Service, access_token: &str) -> Result<String, Failed> {
    match service.get::<Value>("/v1/me", access_token) {
        Ok(me) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let of = me["organisation"]["name"].as_str().map_or(String::new(), |name| format!(" of {name}"));
            let (name, role) = (text(&me["name"]), text(&me["role"]));
            Ok(format!("Signed in at {} as {name}, {role}{of}.", service.server()))
        }
        Err(Failed::Refused(said)) if said.status == 403 => {
            Ok(format!("Signed in at {}. Before anything else: {said}", service.server()))
        }
        Err(error) => Err(error),
    }
}

/// The password that somebody has.
fn current_password() -> io::Result<String> {
    env::var("IHURIRO_PASSWORD").or_else(|_| prompt("Password: ", "IHURIRO_PASSWORD"))
}

/// Asks for a password. Where nobody can be asked, the error names the variable that may hold it.
fn prompt(words: &str, variable: &str) -> io::Result<String> {
    rpassword::prompt_password(words).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("the password can't be asked for here ({error}); set {variable}"),
        )
    })
}

/// A password that somebody is to have from now on, and whether they typed it.
fn prompt_new_password() -> io::Result<(String, bool)> {
    if let Ok(password) = env::var("IHURIRO_NEW_PASSWORD") {
        return Ok((password, false));
    }
    loop {
        let password = prompt("New password, 10 characters or more: ", "IHURIRO_NEW_PASSWORD")?;
        if prompt("Once more: ", "IHURIRO_NEW_PASSWORD")? == password {
            return Ok((password, true));
        }
        eprintln!("The two are not the same.");
    }
}

/// Asks the person at the keyboard. What is printed goes on to programs, so the question goes to standard error.
fn ask(question: &str) -> io::Result<String> {
    eprint!("{question}");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use server::access::second_factor::{self, Confirmed};
use server::access::{
    Gate, NewIdentityProvider, PasswordCode, PasswordHash, Role, issue_password_code, remove_provider,
    set_provider,
};
use server::audit::{self, Action, Entry, ObjectKind, by_operator};
use server::clock::Clock;
use server::register::organisations::{self, NewOrganisation};
use server::register::users;
use server::register::users::create::{NewUser, create};
use server::store::{StoreError, token_keys};
use sync_core::id::Id;

use super::secret::private_text;
use super::{Database, Ended};

#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Add an organisation of the partnership.
    CreateOrganisation(CreateOrganisation),
    /// Add a person, for example the first administrator. The password is asked for, or read from
    /// IHURIRO_PASSWORD.
    CreateUser(CreateUser),
    /// Print a code with which a person chooses a new password, within a day: for an administrator whom nobody else can help.
    ResetPassword(ResetPassword),
    /// Enrol an authenticator app for a person, in the place of the one that they had: shows a QR code, takes the first code of the app,
    /// and prints recovery codes.
    SecondFactor(EnrolSecondFactor),
    /// Set the identity provider (OpenID Connect) with which an organisation's people sign in, or take it away.
    IdentityProvider(SetIdentityProvider),
    /// Sign access tokens with another key from now on, as a service does every ninety days. Nobody is signed out.
    RotateKeys(RotateKeys),
}

#[derive(Debug, Args)]
pub(super) struct RotateKeys {
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct EnrolSecondFactor {
    /// What the person signs in with.
    #[arg(long)]
    login: String,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct ResetPassword {
    /// What the person signs in with.
    #[arg(long)]
    login: String,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct CreateOrganisation {
    /// 2 to 32 letters (a to z), digits or -.
    #[arg(long)]
    code: String,
    /// What the organisation is called, for example "Aegis Trust".
    #[arg(long)]
    name: String,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct CreateUser {
    /// What the person signs in with.
    #[arg(long)]
    login: String,
    /// What the person is called, for example "Uwase Marie".
    #[arg(long)]
    name: String,
    /// facilitator, supervisor, manager, secretariat, donor or administrator.
    #[arg(long)]
    role: Role,
    /// The code of the organisation of a facilitator, supervisor or manager.
    #[arg(long, value_name = "CODE")]
    organisation: Option<String>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct SetIdentityProvider {
    /// The code of the organisation.
    #[arg(long, value_name = "CODE")]
    organisation: String,
    /// By which the provider calls itself: an https address.
    #[arg(long, value_name = "URL", required_unless_present = "remove")]
    issuer: Option<String>,
    /// By which it knows this service.
    #[arg(long, value_name = "ID", required_unless_present = "remove")]
    client_id: Option<String>,
    /// A file with the secret of a confidential client, for its owner alone. Left out, PKCE is all that is shown.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// A host beside the issuer's on which the provider may have its token and key addresses. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Refuse the passwords of the organisation's people from now on.
    #[arg(long)]
    required: bool,
    /// Take the provider away: people sign in with passwords again.
    #[arg(long, conflicts_with_all = ["issuer", "client_id", "client_secret_file", "hosts", "required"])]
    remove: bool,
    #[command(flatten)]
    database: Database,
}

impl Admin {
    pub(super) fn run(self) -> Ended {
        match self {
            Self::CreateOrganisation(command) => command.run(),
            Self::CreateUser(command) => command.run(),
            Self::ResetPassword(command) => command.run(),
            Self::SecondFactor(command) => command.run(),
            Self::IdentityProvider(command) => command.run(),
            Self::RotateKeys(command) => command.run(),
        }
    }
}

impl CreateOrganisation {
    fn run(self) -> Ended {
        let new = NewOrganisation { code: self.code, name: self.name }.checked().map_err(in_words)?;
        let store = self.database.open()?;
        let moment = Clock::system().moment();
        let added = store.write_blocking("create organisation", |tx| {
            let entry = by_operator(moment.now, Action::AccessChanged, "ihuriro admin create-organisation");
            audit::note(tx, &entry.about(ObjectKind::Organisation, moment.uuid()))?;
            organisations::create(tx, &new, &moment)
        })?;
        println!("{} {}", added.id, added.code);
        Ok(())
    }
}

impl CreateUser {
    fn run(self) -> Ended {
        let store = self.database.open()?;
        let organisation = match &self.organisation {
            None => None,
            Some(code) => store
                .read_blocking("organisation", |tx| -> Result<_, StoreError> {
                    organisations::find_by_code(tx, code)
                })?
                .ok_or_else(|| format!("there is no organisation with the code {code}"))
                .map(Some)?,
        };
        let password = password()?;
        let organisation = organisation.map(|organisation| organisation.id);
        let new = NewUser::checked(&self.login, &self.name, self.role, organisation, password.as_str())
            .map_err(in_words)?;
        let hash = PasswordHash::of_blocking(&password);
        let moment = Clock::system().moment();
        let added = store.write_blocking("create user", |tx| {
            let entry = by_operator(moment.now, Action::AccessChanged, "ihuriro admin create-user");
            let entry = Entry { of: organisation, ..entry };
            audit::note(tx, &entry.about(ObjectKind::User, moment.uuid()))?;
            create(tx, &new, &hash, &moment)
        })?;
        println!("{} {} {}", added.id, added.login, added.role);
        Ok(())
    }
}

impl ResetPassword {
    fn run(self) -> Ended {
        let store = self.database.open()?;
        let (login, now) = (self.login.to_lowercase(), Clock::system().now());
        let code = store.write_blocking("issue password code", |tx| -> Result<_, StoreError> {
            let user = users::find_by_login(tx, &login)?;
            user.map(|user| issue_password_code(tx, user.id, now)).transpose()
        })?;
        let PasswordCode { code, expires_at } =
            code.ok_or_else(|| format!("nobody has the login {login}"))?;
        println!("{code}, until {expires_at}: POST /v1/password-resets takes it.");
        Ok(())
    }
}

impl SetIdentityProvider {
    fn run(self) -> Ended {
        let new = match (self.issuer, self.client_id) {
            (Some(issuer), Some(client_id)) => {
                let client_secret = self.client_secret_file.as_deref().map(private_text).transpose()?;
                let (hosts, required) = (self.hosts, self.required);
                let new = NewIdentityProvider { issuer, client_id, client_secret, hosts, required };
                Some(new.checked(false).map_err(in_words)?)
            }
            _ => None,
        };
        let store = self.database.open()?;
        let (code, now) = (self.organisation, Clock::system().now());
        let done = store.write_blocking("set identity provider", |tx| -> Result<_, StoreError> {
            let Some(organisation) = organisations::find_by_code(tx, &code)? else { return Ok(None) };
            let entry = by_operator(now, Action::AccessChanged, "ihuriro admin identity-provider");
            audit::note(tx, &entry.about(ObjectKind::Organisation, organisation.id.uuid()))?;
            match &new {
                Some(new) => {
                    let gate = Gate::read(tx)?;
                    set_provider(tx, &gate, organisation.id, new, now)?;
                }
                None => remove_provider(tx, organisation.id)?,
            }
            Ok(Some(organisation.name))
        })?;
        let name = done.ok_or_else(|| format!("there is no organisation with the code {code}"))?;
        match new {
            Some(new) if new.required => {
                println!("{name} signs in with {}, and with nothing else.", new.issuer)
            }
            Some(new) => println!("{name} signs in with {}, or with passwords.", new.issuer),
            None => println!("{name} signs in with passwords."),
        }
        Ok(())
    }
}

impl RotateKeys {
    fn run(self) -> Ended {
        let store = self.database.open()?;
        let now = Clock::system().now();
        let key = store.write_blocking("rotate keys", |tx| token_keys::rotate(tx, now))?;
        println!("The key {key} signs from now on; running services take it up within a minute.");
        Ok(())
    }
}

impl EnrolSecondFactor {
    fn run(self) -> Ended {
        let store = self.database.open()?;
        let login = self.login.to_lowercase();
        let begun = store.write_blocking("enrol second factor", |tx| -> Result<_, StoreError> {
            let Some(user) = users::find_by_login(tx, &login)? else { return Ok(None) };
            let gate = Gate::read(tx)?;
            let secret = second_factor::begin(tx, &gate, user.id)?;
            Ok(Some((user.id, gate, secret)))
        })?;
        let (user, gate, secret) = begun.ok_or_else(|| format!("nobody has the login {login}"))?;
        let uri = secret.uri(&login);
        println!("{}\n{uri}", second_factor::as_text(&uri).unwrap_or_default());
        println!("Let the app read this, then type the code that it shows:");
        let mut code = String::new();
        std::io::stdin().read_line(&mut code)?;
        let now = Clock::system().now();
        let confirmed = store.write_blocking("confirm second factor", |tx| -> Result<_, StoreError> {
            second_factor::confirm(tx, &gate, user, code.trim(), now)
        })?;
        let Confirmed::RecoveryCodes(codes) = confirmed else {
            return Err("this is not the code that the app shows; begin again".into());
        };
        println!("Recovery codes, each for one use in the place of a code:");
        codes.iter().for_each(|code| println!("{code}"));
        Ok(())
    }
}

/// A refused form, in one sentence, each field by the name that it has on the command line.
fn in_words(problem: server::problem::Problem) -> String {
    let said = problem.errors().iter().map(|error| match error.field.as_str() {
        "organisation_id" => format!("--organisation {}", error.detail),
        "password" => format!("the password {}", error.detail),
        field => format!("--{field} {}", error.detail),
    });
    said.collect::<Vec<_>>().join("; ")
}

fn password() -> Result<String, Box<dyn Error>> {
    if let Ok(password) = std::env::var("IHURIRO_PASSWORD") {
        return Ok(password);
    }
    let asked = |words: &str| {
        rpassword::prompt_password(words)
            .map_err(|error| format!("the password can't be asked for here ({error}); set IHURIRO_PASSWORD"))
    };
    let password = asked("Password: ")?;
    if asked("Once more: ")? != password {
        return Err("the two passwords are not the same".into());
    }
    Ok(password)
}

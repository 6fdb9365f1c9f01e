//! Whom the server's certificate must come from: one of the authorities that browsers trust, or those in the file that `SSL_CERT_FILE` names,
//! where an organisation has an authority of its own.

use std::env;
use std::ffi::OsString;
use std::fs;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use super::LinkError;

/// What an https connection is checked against.
///
/// # Errors
/// [`LinkError::Authorities`] if `SSL_CERT_FILE` names a file that holds no certificate.
pub fn trusted() -> Result<TlsConfig, LinkError> {
    trusting(env::var_os("SSL_CERT_FILE"))
}

fn trusting(file: Option<OsString>) -> Result<TlsConfig, LinkError> {
    let Some(file) = file.filter(|file| !file.is_empty()) else { return Ok(TlsConfig::default()) };
    let unusable = || LinkError::Authorities(file.display().to_string());
    let pem = fs::read(&file).map_err(|_| unusable())?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(one)) => Some(one),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(unusable());
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_said_and_not_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.pem");
        fs::write(&empty, "nothing").expect("it is written");
        for file in [empty, folder.path().join("missing.pem")] {
            let refused = trusting(Some(file.clone().into())).expect_err("no certificate");
            assert!(refused.to_string().contains(&file.display().to_string()), "{refused}");
        }
        assert!(trusting(Some("".into())).is_ok() && trusting(None).is_ok());
    }
}

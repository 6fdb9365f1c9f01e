//! Signatures for `jsonwebtoken`: our own tokens by Ed25519, which the tablets' signatures need anyway; those of identity providers also by
//! RSA and P-256, which TLS needs. What the crate itself offers would bring each of them a second time, and is slow to build.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // For JSON Web Keys, of which there are none.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the cryptography of all tokens in the process; a second call does nothing.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

struct Signing(SigningKey);
struct Verifying(VerifyingKey);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    only_eddsa(algorithm)?;
    let seed = key.as_bytes().try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Signing(SigningKey::from_bytes(seed))))
}

/// `jsonwebtoken` compares a token's algorithm with the expected ones, and the key's family with it, before it asks for a verifier. None is
/// given for a key that its own owner knows (HS256).
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match (algorithm, key.kind()) {
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(public)) => {
            let public = public.as_slice().try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
            let public = VerifyingKey::from_bytes(public).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Ok(Box::new(Verifying(public)))
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(public)) => {
            Ok(Box::new(VerifyingP256(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public.clone()))))
        }
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            Ok(Box::new(VerifyingRsa(RsaPublicKeyComponents { n: n.clone(), e: e.clone() })))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn only_eddsa(algorithm: &Algorithm) -> Result<(), Error> {
    if *algorithm == Algorithm::EdDSA { Ok(()) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
}

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let signature = Signature::from_slice(signature).map_err(|_| signature::Error::new())?;
        self.0.verify_strict(message, &signature).map_err(|_| signature::Error::new())
    }
}

/// By a point of the curve, uncompressed.
struct VerifyingP256(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for VerifyingP256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for VerifyingP256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

/// By a key of 2048 to 8192 bits.
struct VerifyingRsa(RsaPublicKeyComponents<Vec<u8>>);

impl Verifier<Vec<u8>> for VerifyingRsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = self.0.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for VerifyingRsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

use super::*;

fn octets(digits: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// `r` and `s` as DER (RFC 3279, section 2.2.3).
fn signature(r: &str, s: &str) -> Vec<u8> {
    let integer = |digits: &str| {
        let mut value = octets(digits);
        if value[0] > 0x7f {
            value.insert(0, 0);
        }
        [&[2, u8::try_from(value.len()).unwrap()][..], &value].concat()
    };
    let content = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(content.len()).unwrap()][..], &content].concat()
}

#[test]
fn signatures_are_those_of_the_standards() {
    // RFC 6979, appendices A.2.5 and A.2.6.
    let key = octets("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    let key = PrivateKey::from_secret(KeyKind::EcdsaP256, &key).unwrap().unwrap();
    let expected = signature(
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    );
    assert_eq!(key.sign(b"sample").unwrap(), expected);
    let key = octets(
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
    );
    let key = PrivateKey::from_secret(KeyKind::EcdsaP384, &key).unwrap().unwrap();
    let expected = signature(
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    );
    assert_eq!(key.sign(b"sample").unwrap(), expected);
    // RFC 8032, section 7.1, test 2.
    let seed = octets("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let key = PrivateKey::from_secret(KeyKind::Ed25519, &seed).unwrap().unwrap();
    let expected = octets(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    assert_eq!(key.sign(&[0x72]).unwrap(), expected);
}

#[test]
fn numbers_that_are_no_key_are_distinguished_from_those_that_are() {
    // The order of P-256 (SEC 2, section 2.4.2), and its neighbours.
    let order = octets("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    let mut last = order.clone();
    *last.last_mut().unwrap() -= 1;
    let is_key = |kind, secret: &[u8]| PrivateKey::from_secret(kind, secret).unwrap().is_some();
    assert!(!is_key(KeyKind::EcdsaP256, &order));
    assert!(!is_key(KeyKind::EcdsaP256, &[0; 32]) && !is_key(KeyKind::EcdsaP256, &[0xff; 32]));
    assert!(is_key(KeyKind::EcdsaP256, &last));
    assert!(!is_key(KeyKind::EcdsaP384, &[0; 48]) && !is_key(KeyKind::EcdsaP384, &[0xff; 48]));
    assert!(is_key(KeyKind::Ed25519, &[0; 32]) && is_key(KeyKind::Ed25519, &[0xff; 32]));
    for (kind, length) in [(KeyKind::EcdsaP256, 31), (KeyKind::Ed25519, 33), (KeyKind::Rsa2048, 32)]
    {
        let error = PrivateKey::from_secret(kind, &vec![1; length]).unwrap_err();
        assert!(matches!(error, KeyError::Generation(_)), "{error}");
    }
}

#[test]
fn keys_of_others_can_be_made_to_sign_always_in_the_same_way() {
    for kind in KeyKind::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        let steady = key.deterministic().unwrap();
        assert_eq!(steady.spki_hash(), key.spki_hash());
        assert_eq!(*steady.to_pem(), *key.to_pem());
        assert_eq!(steady.sign(b"one").unwrap(), steady.sign(b"one").unwrap(), "{kind}");
        assert_eq!(
            steady.sign(b"one").unwrap(),
            key.deterministic().unwrap().sign(b"one").unwrap()
        );
        assert_ne!(steady.sign(b"one").unwrap(), steady.sign(b"two").unwrap());
        let is_ecdsa = matches!(kind, KeyKind::EcdsaP256 | KeyKind::EcdsaP384);
        assert_eq!(key.sign(b"one").unwrap() != key.sign(b"one").unwrap(), is_ecdsa, "{kind}");
    }
}

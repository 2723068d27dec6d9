/**
 * A bundle in the form that Signal's first JavaScript library gave it, and its descendants still take it.
 *
 * @template T
 * @param {import("./device.mjs").Bundle} bundle
 * @param {(key: Buffer) => T} [asBytes] what the library takes for bytes
 */
export function descendedBundle(bundle, asBytes = (bytes) => bytes) {
    const oneTimePreKey = {};
    if (bundle.oneTimePreKeyId !== undefined) {
        oneTimePreKey.keyId = bundle.oneTimePreKeyId;
    }
    if (bundle.oneTimePreKey !== undefined) {
        oneTimePreKey.publicKey = asBytes(bundle.oneTimePreKey);
    }
    return {
        registrationId: bundle.registrationId,
        identityKey: asBytes(bundle.identityKey),
        signedPreKey: {
            keyId: bundle.signedPreKeyId,
            publicKey: asBytes(bundle.signedPreKey),
            signature: asBytes(bundle.signedPreKeySignature),
        },
        preKey: Object.keys(oneTimePreKey).length > 0 ? oneTimePreKey : undefined,
    };
}

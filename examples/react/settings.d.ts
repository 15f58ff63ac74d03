/** The URLs of tidings and the identity provider. `serve.ts` writes them into the bundle. */
declare const TIDINGS_URL: string;
declare const ISSUER_URL: string;

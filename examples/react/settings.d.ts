/** Where tidings and the identity provider are: `serve.ts` writes it into the bundle. */
declare const TIDINGS_URL: string;
declare const ISSUER_URL: string;

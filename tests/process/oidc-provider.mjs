// An identity provider for the tests: oidc-provider by panva (OpenID certified), with its own pages for signing in.
//
// node oidc-provider.mjs <directory with node_modules> <redirect URI> <port, or 0> <algorithm> <strict|generous>
//
// Prints its issuer when it listens. Whoever types a name is signed in under it. A strict provider puts claims into the
// user info only, as the standard says; a generous one into the ID token too. Each start draws new keys.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, redirectUri, port, algorithm, manner] = process.argv.slice(2);
const main = join(modules, 'node_modules', 'oidc-provider', 'lib', 'index.js');
const { Provider } = await import(pathToFileURL(main).href);

const drawn = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}[algorithm]();
const key = { ...drawn.privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: algorithm };

const people = {
  // What a person may type, and what the provider says of them.
  'no.name': { preferred_username: undefined },
  shouting: { preferred_username: ' KTHT.STAFF ' },
  'mail.verified': { email: 'Hcc.Staff@long-my.example', email_verified: true },
  'mail.claimed': { email: 'hcc.staff@long-my.example', email_verified: false },
};

const server = createServer();
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'cchc',
      client_secret: 'secret + 100% &=:',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: algorithm,
    }],
    jwks: { keys: [key] },
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: manner === 'strict',
    pkce: { required: () => true },
    cookies: { keys: [randomUUID()] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, ...people[id] }),
    }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});

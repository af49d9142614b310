// An OpenID Connect provider for the tests: the certified `oidc-provider`, with its own pages.
//
//     node provider.mjs '{"port": 4000, "clients": [{...}]}'
//
// It stops with its standard input, so that it never outlives who started it. Any name may sign in,
// with any password; what it says of a person goes by the name:
//     ada         ada@example.org, verified
//     unsure-ada  ada@example.org, not verified
//     nameless    nothing but the subject
import Provider from 'oidc-provider';

const { port, clients } = JSON.parse(process.argv[2]);
const issuer = `http://localhost:${port}`;

function claimsOf(sub) {
  if (sub === 'nameless') return { sub };
  const name = sub.replace('unsure-', '');
  const called = name[0].toUpperCase() + name.slice(1);
  return {
    sub,
    email: `${name}@example.org`,
    email_verified: !sub.startsWith('unsure-'),
    preferred_username: name,
    name: `${called} Example`,
    given_name: called,
    family_name: 'Example',
  };
}

const provider = new Provider(issuer, {
  clients,
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username', 'zoneinfo'],
  },
  cookies: { keys: ['the cookies of a provider for tests'] },
  features: { backchannelLogout: { enabled: true } },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
  pkce: { required: () => true, methods: ['S256'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, Session: 3600 },
});

provider.listen(port, '127.0.0.1', () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit());

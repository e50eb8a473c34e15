// A provider of single sign-on for tests: oidc-provider, which is certified, with accounts in memory and a
// login page that takes any password.
//   node provider.mjs PORT ADDRESS-TO-COME-BACK-TO 'JSON of claims by login'
import Provider from 'oidc-provider';

const [port, back, people] = process.argv.slice(2);
const accounts = JSON.parse(people);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'berth',
      client_secret: 'a-secret-of-the-tests-alone',
      redirect_uris: [back],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  claims: {
    openid: ['sub'],
    profile: ['preferred_username', 'groups'],
    email: ['email', 'email_verified'],
  },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) }),
  pkce: { required: () => true },
  cookies: { keys: ['of the tests'] },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));

// An identity provider on this machine, for tests: it prints its issuer, and runs until its standard input ends. Who signs in says the
// browser itself, in a header (x-account), and with how many factors (x-amr); there is no page to fill in.
import { createServer } from 'node:http'
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

// Its hints for a provider that is run for people would end it, once nobody reads them.
console.info = console.warn = () => {}

const server = createServer()
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const issuer = `http://127.0.0.1:${server.address().port}`

const key = (kid, alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options)
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}
// One for each way of signing.
const client = (client_id, id_token_signed_response_alg, secret) => ({
  client_id,
  id_token_signed_response_alg,
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...(secret ? { client_secret: secret } : {}),
  token_endpoint_auth_method: secret ? 'client_secret_basic' : 'none',
})

const provider = new Provider(issuer, {
  clients: [
    client('rsa', 'RS256'),
    client('p256', 'ES256', 'a-secret-of-the-client/1:2+3'),
    client('ed25519', 'EdDSA'),
  ],
  jwks: {
    keys: [
      key('rsa', 'RS256', 'rsa', { modulusLength: 2048 }),
      key('p256', 'ES256', 'ec', { namedCurve: 'P-256' }),
      key('ed25519', 'EdDSA', 'ed25519', {}),
    ],
  },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub', 'amr'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  // Nobody is asked whether they agree.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
    grant.addOIDCScope('openid')
    await grant.save()
    return grant
  },
})

server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return provider.callback()(request, response)
  const amr = request.headers['x-amr']
  const login = { accountId: request.headers['x-account'], ...(amr ? { amr: amr.split(' ') } : {}) }
  await provider.interactionFinished(request, response, { login, consent: {} })
})

console.log(issuer)
process.stdin.on('end', () => process.exit()).resume()

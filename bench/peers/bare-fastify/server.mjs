// The least that answers a verify: Fastify, pg, one prepared statement. STATEMENT is the statement with its values, in which {code} and
// {session} stand for the values of a request.
import { randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

const { DATABASE_URL, PORT, STATEMENT } = process.env;
const { text, values } = JSON.parse(STATEMENT);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const app = Fastify();
app.post('/auth/invitation/verify', async (request) => {
  const sessionId = randomBytes(16).toString('hex');
  const filledIn = values.map((value) => (value === '{code}' ? request.body.invitation_code : value === '{session}' ? sessionId : value));
  const { rowCount } = await pool.query({ name: 'verify', text, values: filledIn });
  if (rowCount !== 1) throw new Error('the statement found no invitation');
  return { valid: true, sessionId };
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });

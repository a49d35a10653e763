/**
 * Receives pawl's webhooks, verifies their signatures, and prints a line for each:
 *
 *     PAWL_NOTIFY_OPS_SECRET=whsec_… node examples/notify/receiver.mjs [port]
 */
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const port = Number(process.argv[2] ?? 8787);
const webhook = new Webhook(process.env['PAWL_NOTIFY_OPS_SECRET'] ?? '');
const seen = new Set();

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    try {
      const { type, data } = webhook.verify(Buffer.concat(chunks).toString('utf8'), request.headers);
      const id = String(request.headers['webhook-id']);
      // At least once: what was seen under this id is the same event.
      if (!seen.has(id)) process.stdout.write(`${type}  ${data.title}\n`);
      seen.add(id);
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end('the signature is not ours');
    }
  });
}).listen(port, '127.0.0.1', () => process.stdout.write(`listening on 127.0.0.1:${port}\n`));

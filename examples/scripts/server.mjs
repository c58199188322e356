/** An HTTP server that says how long it has been up. */
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { keepWatchdog, notify } from './notify.mjs';
import { portFile } from './shared.mjs';

const server = createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  response.setHeader('content-type', 'text/plain');
  response.end(`up for ${Math.round(process.uptime())} s\n`);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  // Renamed, so that nobody reads half a number.
  writeFileSync(`${portFile}.new`, `${port}\n`);
  renameSync(`${portFile}.new`, portFile);
  console.log(`listening on port ${port}`);
  notify('READY=1', `STATUS=listening on port ${port}`);
  keepWatchdog();
});

process.on('SIGTERM', () => {
  notify('STOPPING=1');
  server.closeAllConnections();
  server.close();
});

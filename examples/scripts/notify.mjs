/** Tells the service manager how this service is, as sd_notify(3) does: lines such as READY=1, to the address in NOTIFY_SOCKET. */
import { createSocket } from 'unix-dgram';

const { NOTIFY_SOCKET: address, WATCHDOG_PID: pid, WATCHDOG_USEC: usec } = process.env;

export function notify(...lines) {
  if (!address) return;
  const socket = createSocket('unix_dgram');
  const message = Buffer.from(lines.join('\n'));
  socket.send(message, 0, message.length, address, (error) => {
    if (error) console.error(`cannot tell the manager: ${error.message}`);
  });
  socket.close();
}

/** Gives a sign of life at half the time that the manager allows, as long as the event loop turns. */
export function keepWatchdog() {
  const isMeant = pid === undefined || Number(pid) === process.pid;
  if (isMeant && usec > 0) setInterval(() => notify('WATCHDOG=1'), usec / 2000).unref();
}

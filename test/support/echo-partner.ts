/**
 * Round trips with another process, as many as one wants: what makes a packet loop's waits short, so that it spins where it may.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadNative } from '../../broker/native/addon.js';
import { writeFrameHeader } from '../../broker/native/frames.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { within } from './eventually.js';

export interface EchoPartner {
  /** So many round trips, one after the other. */
  run(count: number): Promise<void>;
  /** Ends the process, and waits until it is gone. */
  end(): Promise<void>;
}

const frameBytes = 16;

/** Starts the process on a CPU (-1 is wherever the kernel wants), with a spin time of its own. */
export async function startEchoPartner(loop: PacketLoop, cpu: number, spinUs: number): Promise<EchoPartner> {
  const native = loadNative();
  const [own, theirs] = native.socketpair();
  const program = fileURLToPath(new URL('./echo-program.js', import.meta.url));
  const child = spawn(process.execPath, [program, String(cpu), String(spinUs)], {
    stdio: ['ignore', 'inherit', 'inherit', theirs],
  });
  const closed = once(child, 'close');
  native.close(theirs);
  let left = 0;
  let done: (() => void) | undefined;
  const send = (): void => {
    const at = socket.begin(frameBytes);
    writeFrameHeader(loop.sendView, at, frameBytes - 8, 1, 0, 0);
    loop.sendView.setBigUint64(at + 8, 0n, true);
    socket.commit();
  };
  const socket = loop.adopt(own, {
    packet(): void {
      left -= 1;
      if (left > 0) send();
      else done?.();
    },
    ended(): void {},
    drained(): void {},
  });
  const run = (count: number): Promise<void> =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
      send();
    });
  const end = async (): Promise<void> => {
    socket.close();
    await within('the end of the echo', closed);
  };
  await within('the first echo', run(1), 60_000);
  return { run, end };
}

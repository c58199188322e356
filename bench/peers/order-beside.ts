/**
 * The way past the transport that processes of W8 tell each other things on: a named pipe for each process, whole lines, written at once and
 * never lost. Also how they agree that a run begins and ends.
 */
import { constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The pipe of a process; the harness makes it. */
export function besidePath(directory: string, role: string): string {
  return `${directory}/${role}.beside`;
}

export interface Beside {
  /** Returns when the line is in the pipe. */
  tell(role: string, line: string): void;
}

/** Opens the own pipe and calls `hear` with each line. The descriptors end with the process. */
export function openBeside(directory: string, role: string, hear: (line: string) => void): Beside {
  // Both ways, so that opening waits for nobody and no end is seen when a writer goes.
  const own = openSync(besidePath(directory, role), constants.O_RDWR | constants.O_NONBLOCK);
  const input = new Socket({ fd: own, readable: true, writable: false });
  createInterface({ input }).on('line', hear);
  const pipes = new Map<string, number>();
  return {
    tell(other, line) {
      const pipe = pipes.get(other) ?? openSync(besidePath(directory, other), 'r+');
      pipes.set(other, pipe);
      writeSync(pipe, `${line}\n`);
    },
  };
}

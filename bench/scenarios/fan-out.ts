/** W4: one message to many receivers, until the last has it, over what needs nothing but this project. */
import { execFileSync } from 'node:child_process';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess } from '../latency/peer-process.js';
import { brokerFirst, clientLast, cpuArgument, freshPath, nativePeer, startPeer } from './contenders.js';

/** A cell of W4, whatever the contender. */
export function fanOutCell(
  contender: string,
  call: 'multicast' | 'signal',
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  return { workload: 'W4', contender, call, payloadBytes, placement: placement.name, receivers, launch };
}

/** A fifo in the run's directory, through which receivers report. */
export function freshReceipts(directory: string): string {
  const path = `${freshPath(directory)}.receipts`;
  execFileSync('mkfifo', [path]);
  return path;
}

/** The receivers' side of a launch: one process each. */
export function startEach(receivers: number, start: (index: string) => PeerProcess): (() => PeerProcess)[] {
  return Array.from({ length: receivers }, (_, index) => () => start(String(index)));
}

export function fanOutCells(placement: Placement, payloadBytes: number, receivers: number): CellDefinition[] {
  const bytes = String(payloadBytes);
  const cpus = [cpuArgument(placement.client), cpuArgument(placement.service)];
  const command = [nativePeer('seqpacket-fanout'), ...cpus, bytes, String(receivers)];
  const overTransport =
    (name: string) =>
    async (directory: string): Promise<CellProcesses> => {
      const path = freshPath(directory);
      const receipts = freshReceipts(directory);
      const start = name === 'bus' ? brokerFirst : clientLast;
      return start([
        () => startPeer(placement.broker, 'hub', name, path),
        ...startEach(receivers, (index) =>
          startPeer(placement.service, 'receiver', name, path, receipts, index),
        ),
        () => startPeer(placement.client, 'fan-out', name, path, receipts, bytes, String(receivers)),
      ]);
    };
  return [
    fanOutCell('c-seqpacket', 'multicast', placement, payloadBytes, receivers, () =>
      clientLast([() => new PeerProcess('c-seqpacket', command)]),
    ),
    ...['sockets', 'bus'].map((name) =>
      fanOutCell(name, 'multicast', placement, payloadBytes, receivers, overTransport(name)),
    ),
  ];
}

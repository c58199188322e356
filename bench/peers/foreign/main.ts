/**
 * The foreign peers that are written in TypeScript: `node main.js CONTENDER ROLE ARGUMENTS…`. Each says "ready PID" and lives until
 * end-of-file on its standard input; a child of a peer lives until the channel to that is closed.
 */
import { runChild, runForkClient, runForkStream, runGiver, runOwner, runTaker } from './child-process.js';
import { runGrpcClient, runGrpcServer, runGrpcStream } from './grpc.js';
import { runNatsClient, runNatsPublisher, runNatsReceivers, runNatsServer, runNatsStream } from './nats.js';
import { runNetSink, runNetStream } from './node-net.js';
import { runThreadClient, runThreadGiver, runThreadStream } from './worker-threads.js';
import {
  runZeroMqClient,
  runZeroMqPublisher,
  runZeroMqReceivers,
  runZeroMqServer,
  runZeroMqStream,
} from './zeromq.js';

type Role = (args: readonly string[]) => Promise<void> | void;

/** `where` is a socket path, or for NATS the server's port. */
const roles: Readonly<Record<string, Role>> = {
  'grpc server': ([where = '']) => runGrpcServer(where),
  'grpc client': ([where = '', bytes]) => runGrpcClient(where, Number(bytes)),
  'grpc stream': ([where = '', bytes]) => runGrpcStream(where, Number(bytes)),
  'zeromq server': ([where = '']) => runZeroMqServer(where, false),
  'zeromq sink': ([where = '']) => runZeroMqServer(where, true),
  'zeromq client': ([where = '', bytes]) => runZeroMqClient(where, Number(bytes)),
  'zeromq stream': ([where = '', bytes]) => runZeroMqStream(where, Number(bytes)),
  'zeromq receivers': ([where = '', receipts = '', first, count]) =>
    runZeroMqReceivers(where, receipts, Number(first), Number(count)),
  'zeromq publisher': ([where = '', receipts = '', bytes, receivers]) =>
    runZeroMqPublisher(where, receipts, Number(bytes), Number(receivers)),
  'nats server': ([where = '']) => runNatsServer(where),
  'nats client': ([where = '', bytes]) => runNatsClient(where, Number(bytes)),
  'nats stream': ([where = '', bytes]) => runNatsStream(where, Number(bytes)),
  'nats receivers': ([where = '', receipts = '', first, count]) =>
    runNatsReceivers(where, receipts, Number(first), Number(count)),
  'nats publisher': ([where = '', receipts = '', bytes, receivers]) =>
    runNatsPublisher(where, receipts, Number(bytes), Number(receivers)),
  'node-net sink': ([where = '']) => runNetSink(where),
  'node-net stream': ([where = '', bytes]) => runNetStream(where, Number(bytes)),
  'child-process child': () => runChild(false),
  'child-process sink': () => runChild(true),
  'child-process taker': ([bytes]) => runTaker(Number(bytes)),
  'child-process owner': ([where = '', bytes]) => runOwner(where, Number(bytes)),
  'child-process client': ([cpu = '-1', bytes]) => runForkClient(cpu, Number(bytes)),
  'child-process stream': ([cpu = '-1', bytes]) => runForkStream(cpu, Number(bytes)),
  'child-process giver': ([cpu = '-1', where = '', bytes, count]) =>
    runGiver(cpu, where, Number(bytes), Number(count)),
  'worker-threads client': ([cpu = '-1', other = '-1', bytes]) => runThreadClient(cpu, other, Number(bytes)),
  'worker-threads stream': ([cpu = '-1', other = '-1', bytes]) => runThreadStream(cpu, other, Number(bytes)),
  'worker-threads giver': ([cpu = '-1', other = '-1', bytes, count]) =>
    runThreadGiver(cpu, other, Number(bytes), Number(count)),
};

/** Those that are forked live by their channel, and their role returns at once. */
const isForked = process.send !== undefined;

const [contender = '', role = '', ...args] = process.argv.slice(2);
const run = roles[`${contender} ${role}`];
if (run === undefined) throw new Error(`no peer of ${contender} has the role "${role}"`);
await run(args);
// What a library leaves open must not keep a finished peer alive.
if (!isForked) process.exit(0);

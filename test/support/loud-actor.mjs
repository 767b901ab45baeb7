import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';

// An actor that sends the next operation as soon as the last one is answered, on many connections,
// and does not wait when it is refused. It runs between the messages "begin" and "end", and then
// reports how many operations were executed and how many were refused.
const { url, token, query, connections, transport } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const body = JSON.stringify({ query });
const headers = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(body),
  authorization: `Bearer ${token}`,
};
let isRunning = false;
let counts = { executed: 0, refused: 0 };

function postOnce() {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      counts[response.statusCode === 429 ? 'refused' : 'executed'] += 1;
      response.resume().once('end', resolve);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function openSocket() {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  let answered = () => {};
  socket.on('message', (data) => answered(JSON.parse(String(data))));
  await new Promise((resolve) => socket.once('open', resolve));
  const acknowledged = new Promise((resolve) => {
    answered = resolve;
  });
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: headers.authorization } }),
  );
  await acknowledged;
  let id = 0;
  return () =>
    new Promise((resolve, reject) => {
      socket.once('close', reject);
      answered = ({ type }) => {
        if (type !== 'error' && type !== 'next') return;
        counts[type === 'error' ? 'refused' : 'executed'] += 1;
        socket.off('close', reject);
        resolve();
      };
      id += 1;
      socket.send(JSON.stringify({ type: 'subscribe', id: String(id), payload: { query } }));
    });
}

const senders = await Promise.all(
  Array.from({ length: connections }, () => (transport === 'http' ? postOnce : openSocket())),
);

async function run() {
  await Promise.all(
    senders.map(async (send) => {
      while (isRunning) await send();
    }),
  );
  parentPort.postMessage(counts);
}

parentPort.on('message', (message) => {
  if (message === 'begin') {
    isRunning = true;
    counts = { executed: 0, refused: 0 };
    void run();
  }
  if (message === 'end') isRunning = false;
});
parentPort.postMessage('ready');

// The link to the server: one request out, one answer back (sync.md 1, 4, 8).

import http from 'node:http';
import https from 'node:https';
import { gunzipSync } from 'node:zlib';
import { MAX_EXPANDED } from './spec.mjs';

/** A request that got no answer that counts. Everything that waited still waits. */
export class NotAnswered extends Error {
  constructor({ status, body }) {
    let problem = {};
    try {
      problem = JSON.parse(body);
    } catch {
      // Something in between answered, and not in our words.
    }
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    Object.assign(this, { status, problem });
  }
}

/** Sends a request and gives `{ status, body, size }`: the body expanded, within its limit, and its bytes on the wire. */
export function post(url, headers, body) {
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut off')));
      response.on('end', () => {
        try {
          const whole = Buffer.concat(parts);
          const coding = response.headers['content-encoding'] ?? 'identity';
          const plain = coding === 'gzip' ? gunzipSync(whole, { maxOutputLength: MAX_EXPANDED }) : whole;
          resolve({ status: response.statusCode, body: plain, size: whole.length });
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error('the server did not answer in time')));
    sent.on('error', reject);
    sent.end(body);
  });
}

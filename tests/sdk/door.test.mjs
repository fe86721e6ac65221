// The HTTP door from outside: the document holds what it says, and pages need nothing from elsewhere.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { Belfry, inSeconds } from './belfry.mjs';

describe('the HTTP door', () => {
  let belfry, document;
  before(async () => {
    belfry = await Belfry.start();
    document = await (await fetch(`${belfry.url}/api/openapi.json`)).json();
  });
  after(() => belfry.remove());

  it('serves a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors, null, 2));
    assert.equal(validator.version, '3.1');
    assert.ok(Object.keys(document.paths).length > 0);
  });

  it('gives schemas that are JSON Schema, and examples that fit them', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    for (const format of ['int8', 'int16', 'int32', 'int64', 'uint', 'uint8', 'uint16', 'uint32', 'uint64', 'float', 'double']) {
      ajv.addFormat(format, true);
    }
    ajv.addSchema({ $id: 'https://belfry.invalid/', components: document.components });
    const fits = ({ schema: { $ref }, example }, what) => {
      const validate = ajv.compile({ $ref: `https://belfry.invalid/${$ref}` });
      assert.ok(validate(example), `${what}: ${JSON.stringify(example)} ${ajv.errorsText(validate.errors)}`);
    };
    for (const [path, { post }] of Object.entries(document.paths)) {
      const input = post.requestBody.content['application/json'];
      // Others take bytes, and their input in the query.
      if (input) fits(input, `${path} in`);
      else assert.ok(post.parameters.every(({ in: place, schema }) => place === 'query' && schema), path);
      fits(post.responses['200'].content['application/json'], `${path} out`);
    }
    for (const [name, response] of Object.entries(document.components.responses)) {
      const { schema, examples } = response.content['application/json'];
      for (const { value } of Object.values(examples)) fits({ schema, example: value }, name);
    }
  });

  it('refuses whoever has no valid token, and says what is wrong', async () => {
    const [path] = Object.keys(document.paths);
    const post = (authorization) =>
      fetch(`${belfry.url}${path}`, { method: 'POST', headers: authorization ? { authorization } : {} });
    for (const [authorization, code] of [
      [undefined, 101],
      ['Bearer nonsense', 101],
      [`Bearer ${belfry.sign({ sub: 'x' }, 'another secret')}`, 101],
      [`Bearer ${belfry.sign({ sub: 'x', exp: inSeconds(-10) })}`, 109],
    ]) {
      const response = await post(authorization);
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate'), /^Bearer /);
      assert.equal((await response.json()).error.code, code);
    }
  });

  it('runs the same operations as the connection, for those who may', async () => {
    const someone = await belfry.token('user1');
    const { status, body } = await belfry.call('no.such', someone);
    assert.deepEqual([status, body.error.code, body.error.name], [404, 104, 'method not found']);
    for (const [path, { post }] of Object.entries(document.paths)) {
      const outsider = ['auditor', 'user'].find((role) => !post['x-roles'].includes(role));
      if (!outsider) continue;
      const token = await belfry.token('someone', { role: outsider });
      const refused = await belfry.call(path.slice('/api/v1/'.length), token);
      assert.deepEqual([refused.status, refused.body.error.code], [403, 103], path);
    }
  });

  it('serves its pages without a word from elsewhere', async () => {
    for (const path of ['/', '/api/']) {
      const page = await fetch(`${belfry.url}${path}`);
      assert.equal(page.status, 200);
      const policy = page.headers.get('content-security-policy');
      assert.match(policy, /^default-src 'none'; /);
      assert.doesNotMatch(policy, /https?:|script-src[^;]*unsafe/);
      const html = await page.text();
      for (const [, source] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
        if (source.startsWith('data:')) continue;
        const url = new URL(source, page.url);
        assert.equal(url.origin, belfry.url);
        const status = (await fetch(url)).status;
        assert.ok(status === 200 || (url.pathname === '/readyz' && status === 503), `${url} ${status}`);
      }
    }
  });

  it('tells health and metrics', async () => {
    assert.deepEqual(await (await fetch(`${belfry.url}/healthz`)).json(), { alive: true });
    const ready = await fetch(`${belfry.url}/readyz`);
    assert.equal(ready.status, 200);
    assert.equal((await ready.json()).ready, true);
    assert.ok((await belfry.metric('belfry_requests_total{route="/healthz",status="200"}')) > 0);
  });
});

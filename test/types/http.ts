/** What the compiler infers of routes. */
import { map } from 'rxjs';
import { over, serve, type Layer, type Bytes } from 'ropewalk';
import { compose, json, routes, text, type ParamsOf, type Request, type Response, type Site } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { expectType } from './expectType.ts';

declare const layer: Layer<Bytes, Request, Response>;
declare function paramsOf<Route extends string>(route: Route): ParamsOf<Route>;

expectType<{ readonly id: string }>()(paramsOf('GET /users/:id'));
expectType<{ readonly a: string; readonly b: string; readonly rest: string }>()(paramsOf('/:a/x/:b/*rest'));
expectType<Record<never, never>>()(paramsOf('GET /static/*'));

const site = routes({
  'GET /': ({ path }) => text(path),
  'GET /users/:id': ({ params }) => {
    expectType<{ readonly id: string }>()(params);
    return Promise.resolve(json(params.id));
  },
  'GET /files/*path': ({ params }) => text(params.path),
  'POST /count': ({ body }) => body.pipe(map((chunk) => text(`${chunk.length}`))),
  // @ts-expect-error: the route has no such name
  'GET /a/:b': ({ params }) => text(params.c),
  // @ts-expect-error: a handler gives a response
  'GET /c': () => 'text',
  '/api/*': routes({ 'GET /d': () => text('') }),
});
expectType<Site>()(site);
listen('tcp:0').pipe(serve(over(layer, site)));
listen('tcp:0').pipe(serve(over(layer, compose()(site))));

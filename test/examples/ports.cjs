/**
 * Loaded into an example before it starts: a port that the example names becomes a free one, so that two runs never
 * clash and the example stays as its reader sees it. Whoever started it is told which; a port of EXAMPLE_PORTS is
 * somebody else's, and is dialled where it really is, or is where an example that comes back has listened before.
 */
const dgram = require('node:dgram');
const net = require('node:net');

const given = JSON.parse(process.env.EXAMPLE_PORTS ?? '{}');
const moved = new Map(Object.entries(given));

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (options, ...rest) {
  const { port } = options;
  if (!port) return listen.call(this, options, ...rest);
  this.once('listening', () => {
    moved.set(String(port), this.address().port);
    process.send?.({ port, bound: this.address().port });
  });
  listen.call(this, { ...options, port: given[port] ?? 0 }, ...rest);
  // Bound already, as a rule: the example may dial its own port at once.
  const bound = this.address()?.port;
  if (bound !== undefined) moved.set(String(port), bound);
  return this;
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const list = Array.isArray(args[0]) ? args[0] : args;
  const { port } = list[0];
  if (moved.has(String(port))) list[0] = { ...list[0], port: moved.get(String(port)) };
  return connect.apply(this, args);
};

const { bind } = dgram.Socket.prototype;
dgram.Socket.prototype.bind = function (options, ...rest) {
  const { port } = options;
  if (!port) return bind.call(this, options, ...rest);
  // Several sockets of one group share a port: the second one is bound where the first one was.
  const known = moved.get(String(port));
  this.once('listening', () => {
    moved.set(String(port), this.address().port);
    process.send?.({ port, bound: this.address().port });
  });
  return bind.call(this, { ...options, port: known ?? 0 }, ...rest);
};

-- Times are milliseconds since the epoch, keys are 16 bytes, documents are JSON.

-- One row per customer holds everything that decisions about the customer need.
CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    -- Date and inactivity triggers are worked off up to here, where that is later than the runner's own place.
    fired BIGINT NOT NULL,
    -- How often it has been written: who decided on an older state decides again.
    revision BIGINT NOT NULL,
    -- The first moment at which a timer or a message is due; none = nothing is.
    wake_at BIGINT,
    -- The number of the latest entry of the log; none = there is none.
    logged INTEGER
) WITHOUT ROWID;
CREATE INDEX customer_wake ON customer (wake_at) WHERE wake_at IS NOT NULL;

-- Who was erased, by a hash of the id: events of the time before, or without a newer consent, bring nobody back.
CREATE TABLE erased (
    customer BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
) WITHOUT ROWID;

-- What was taken in: an event's source and id take effect once.
CREATE TABLE seen (
    identity BLOB NOT NULL PRIMARY KEY,
    body BIGINT NOT NULL,
    -- When: what is old is forgotten.
    at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);

-- The events of each customer side by side, in the order of their times, then of their arrival.
CREATE TABLE event (
    customer TEXT NOT NULL,
    time BIGINT NOT NULL,
    n BIGINT NOT NULL,
    type TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (customer, time, n)
) WITHOUT ROWID;

-- What date and inactivity triggers reckon from, by what the customer's clock shows there: a firing is a range read.
CREATE TABLE anchor (
    attribute TEXT NOT NULL,
    part TEXT NOT NULL,
    zone TEXT NOT NULL,
    at BIGINT NOT NULL,
    customer TEXT NOT NULL,
    -- What was due up to here was handled when the attribute was set.
    since BIGINT NOT NULL,
    PRIMARY KEY (attribute, part, zone, at, customer)
) WITHOUT ROWID;

-- An index of who is inside which journey, or may still reach its goal; what decides stands in the customer's state.
CREATE TABLE enrollment (
    customer TEXT NOT NULL,
    id BLOB NOT NULL,
    journey TEXT NOT NULL,
    version BLOB NOT NULL,
    key TEXT NOT NULL,
    -- The number of the step; none past the last.
    node INTEGER,
    entered BIGINT NOT NULL,
    ended BIGINT,
    reason TEXT,
    PRIMARY KEY (customer, id)
) WITHOUT ROWID;
CREATE INDEX enrollment_version ON enrollment (journey, version);
-- Whoever is taken back once there are codes again: few among many.
CREATE INDEX enrollment_no_coupon ON enrollment (customer) WHERE reason = 'no_coupon';

-- The log: what one transaction did for one customer, and what happened on the way. Each entry names the one before it, and the
-- customer the latest: an index by customer would cost a page written for each event.
CREATE TABLE log (
    n INTEGER PRIMARY KEY,
    clock BIGINT NOT NULL,
    customer TEXT NOT NULL,
    previous INTEGER,
    -- How many actions it holds.
    done INTEGER NOT NULL,
    actions TEXT NOT NULL,
    traces TEXT NOT NULL
);

-- What must leave, until it has or is not needed any more; what was given up stays.
CREATE TABLE outbox (
    n INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    customer TEXT NOT NULL,
    route TEXT NOT NULL,
    due BIGINT NOT NULL,
    -- pending, claimed, dead, in_doubt
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    -- How often the other side was asked to take it, before this claim.
    tries INTEGER NOT NULL DEFAULT 0,
    lease BIGINT,
    reason TEXT,
    -- 1 = what it belongs to was ended: it must not leave any more.
    withdrawn INTEGER NOT NULL DEFAULT 0,
    command TEXT NOT NULL
);
CREATE UNIQUE INDEX outbox_key ON outbox (key);
CREATE INDEX outbox_open ON outbox (state, due);
-- Those that are tried again.
CREATE INDEX outbox_waiting ON outbox (route, due) WHERE state = 'pending';
CREATE INDEX outbox_retried ON outbox (customer, n) WHERE state = 'pending' OR (state = 'claimed' AND attempt > 1);

-- Messages that were handed over, by the names that they have on the other side: it tells of them later.
CREATE TABLE taken (
    route TEXT NOT NULL,
    name TEXT NOT NULL,
    customer TEXT NOT NULL,
    key BLOB NOT NULL,
    journey TEXT NOT NULL,
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- What tells the address that it went to from others, and doesn't show it.
    address TEXT NOT NULL,
    PRIMARY KEY (route, name)
) WITHOUT ROWID;
CREATE INDEX taken_customer ON taken (customer);
CREATE INDEX taken_at ON taken (at);

-- How many commands have left the outbox, by the way they went and by how it ended.
CREATE TABLE outbox_left (
    route TEXT NOT NULL,
    state TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (route, state)
) WITHOUT ROWID;

-- Codes of coupon pools: each is given once.
CREATE TABLE code (
    n INTEGER PRIMARY KEY,
    pool TEXT NOT NULL,
    code TEXT NOT NULL,
    -- Up to when it is taken: what holds for ever stands last.
    expires BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    -- When it was put aside, since it may have been given before the store was restored; 0 = it was not.
    aside BIGINT NOT NULL DEFAULT 0,
    -- When, to whom and by what; none = to nobody so far.
    given BIGINT,
    customer TEXT,
    journey TEXT,
    enrollment BLOB
);
CREATE UNIQUE INDEX code_code ON code (code);
CREATE INDEX code_left ON code (pool, aside, expires, n) WHERE given IS NULL;
CREATE INDEX code_aside ON code (pool, code) WHERE aside > 0;
CREATE INDEX code_given ON code (pool, given) WHERE given IS NOT NULL;
CREATE INDEX code_customer ON code (customer) WHERE customer IS NOT NULL;

-- Dead letters.
CREATE TABLE rejected (
    n INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    origin TEXT NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX rejected_place ON rejected (origin, line);

-- How many there were of what was forgotten, so that sums go on adding up.
CREATE TABLE forgotten (
    what TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
) WITHOUT ROWID;

-- Places that the runner has come to, and small documents: cursors of triggers, pages, files, the desk.
CREATE TABLE mark (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Who has which piece of work that one worker at a time should do.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    worker TEXT NOT NULL,
    until BIGINT NOT NULL
) WITHOUT ROWID;

-- What is in force, and every version that somebody is inside of.
CREATE TABLE definition (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE version (
    hash BLOB NOT NULL PRIMARY KEY,
    journey TEXT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

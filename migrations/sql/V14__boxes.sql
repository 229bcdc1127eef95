-- Books of boxes. A box's book comes into being with the box, in the transaction that commits the event; nobody may write there.

CREATE FUNCTION books_of_boxes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO books (id, entity)
    SELECT (SELECT max(id) FROM books) + row_number() OVER (ORDER BY sequence), 'box:' || (content ->> 'box')
    FROM inserted WHERE type = 'box_created';
    RETURN NULL;
END
$$;
CREATE TRIGGER events_open_books AFTER INSERT ON events
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION books_of_boxes();
REVOKE EXECUTE ON FUNCTION books_of_boxes() FROM PUBLIC;

-- Where the books of boxes stood after an event: there are few entries in them, in many books.
CREATE INDEX entries_of_boxes ON entries (event, book, sequence) WHERE book > 1;

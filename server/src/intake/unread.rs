//! A body that was not read to its end, kept beside the answer to it. Were it dropped before the answer is sent, the server
//! would go on reading a body in chunks for ever; with it there, it sends the answer and closes the connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::web::Bytes;

pub(super) struct Unread {
    answer: BoxBody,
    _body: Pin<Box<BodyStream<Payload>>>,
}

impl Unread {
    pub(super) fn beside(answer: BoxBody, body: Pin<Box<BodyStream<Payload>>>) -> Self {
        Self { answer, _body: body }
    }
}

impl MessageBody for Unread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(cx)
    }
}

// A whole AgentMesh worker over generated stubs: it stamps parcels and sends them on. See proto/README.md, "A small worker".
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	mesh "agentmesh.example/go-worker/gen/agentmesh/v1"
	courier "agentmesh.example/go-worker/gen/courier/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
)

const agentType = "go-courier"
const notExecuted, executed = mesh.Outcome_OUTCOME_NOT_EXECUTED, mesh.Outcome_OUTCOME_EXECUTED

var (
	host      = cmp.Or(os.Getenv("AGENTMESH_HOST"), "127.0.0.1:50051")
	sequences atomic.Uint64 // of publishes, over all sessions
	hello     = &mesh.Hello{
		VersionMin: 1, VersionMax: 1, Name: agentType, InstanceId: rand.Text(), SdkName: "example-go",
		AgentTypes: []*mesh.AgentType{{Name: agentType, Handles: []*mesh.MessageSchema{{MessageType: "courier.v1.Parcel"}, {MessageType: "courier.v1.Unpack"}}}},
		Subscriptions: []*mesh.Subscription{{Id: "posted", AgentType: agentType,
			Match: &mesh.Subscription_TopicType{TopicType: "posted." + agentType}}},
	}
)

// A turn is one delivery on its way through its agent.
type turn struct {
	context.Context      // done when the delivery is cancelled or the session is over
	cancel               context.CancelFunc
	delivery, activation uint64
	agent                *mesh.AgentId
	content              *mesh.Content
	chunks, bytes        int           // credit of a stream of replies, guarded by the session's lock
	grown                chan struct{} // has an element when the credit has grown
}

// A session lives as long as its stream; what a broken one leaves behind is dropped with it.
type session struct {
	sync.Mutex
	sending  sync.Mutex
	stream   grpc.BidiStreamingClient[mesh.ConnectRequest, mesh.ConnectResponse]
	requests uint64
	replies  map[uint64]chan *mesh.Result // what sends wait for, by request
	turns    map[uint64]*turn             // that have not ended, by delivery
	last     map[uint64]chan struct{}     // closed when the latest turn has ended, by activation
}

type handler func(*turn, proto.Message) (*mesh.Content, error)

type failure struct{ reason *mesh.Error }

func (f failure) Error() string { return f.reason.Text }

func fail(code mesh.ErrorCode, outcome mesh.Outcome, appCode, text string, values ...any) error {
	return failure{&mesh.Error{Code: code, Outcome: outcome, AppCode: appCode, Text: fmt.Sprintf(text, values...)}}
}

func unpack(content *mesh.Content) (message proto.Message, err error) {
	switch content.GetMessageType() {
	case "courier.v1.Parcel":
		message = &courier.Parcel{}
	case "courier.v1.Unpack":
		message = &courier.Unpack{}
	default:
		return nil, fail(mesh.ErrorCode_ERROR_CODE_MESSAGE_UNHANDLED, notExecuted, "", "%s takes parcels only", agentType)
	}
	if err := proto.Unmarshal(content.Data, message); err != nil {
		return nil, fail(mesh.ErrorCode_ERROR_CODE_PAYLOAD_INVALID, notExecuted, "", "no %s: %v", content.MessageType, err)
	}
	return message, nil
}

func pack(message proto.Message) *mesh.Content {
	data, _ := proto.Marshal(message) // text that came in as valid UTF-8 goes out again
	name := string(message.ProtoReflect().Descriptor().FullName())
	return &mesh.Content{MessageType: name, ContentType: "application/x-protobuf", Data: data}
}

func (s *session) say(frame *mesh.WorkerFrame) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.stream.Send(&mesh.ConnectRequest{Frames: []*mesh.WorkerFrame{frame}}) // when it fails, so does Recv
}

func (s *session) run(ctx context.Context) error {
	s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Hello{Hello: hello}})
	for {
		batch, err := s.stream.Recv()
		if err != nil {
			return err
		}
		for _, frame := range batch.Frames {
			s.take(ctx, frame)
		}
	}
}

func (s *session) take(ctx context.Context, frame *mesh.HostFrame) {
	s.Lock()
	defer s.Unlock()
	switch kind := frame.Kind.(type) {
	case *mesh.HostFrame_Welcome:
		fmt.Println(agentType, "connected to", host)
	case *mesh.HostFrame_Deliver:
		d := kind.Deliver
		s.start(ctx, &turn{delivery: d.Delivery, activation: d.Activation, agent: d.Target, content: d.Content,
			chunks: int(d.StreamChunks), bytes: int(d.StreamBytes)}, s.answer)
	case *mesh.HostFrame_Event:
		for _, t := range kind.Event.Targets {
			s.start(ctx, &turn{delivery: t.Delivery, activation: t.Activation, agent: t.Agent,
				content: kind.Event.Content}, s.handle)
		}
	case *mesh.HostFrame_Result:
		if reply := s.replies[kind.Result.Request]; reply != nil {
			reply <- kind.Result
			delete(s.replies, kind.Result.Request)
		}
	case *mesh.HostFrame_StreamCredit:
		if t := s.turns[kind.StreamCredit.Stream]; t != nil {
			t.chunks, t.bytes = t.chunks+int(kind.StreamCredit.Chunks), t.bytes+int(kind.StreamCredit.Bytes)
			select {
			case t.grown <- struct{}{}:
			default:
			}
		}
	case *mesh.HostFrame_CancelDelivery:
		if t := s.turns[kind.CancelDelivery.Delivery]; t != nil {
			t.cancel()
		}
	case *mesh.HostFrame_Deactivate:
		for _, activation := range kind.Deactivate.Activations {
			delete(s.last, activation)
		}
	case *mesh.HostFrame_Ping:
		go s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Pong{Pong: &mesh.Pong{Nonce: kind.Ping.Nonce}}})
	}
}

// start lets the turn begin when the one before it, of the same activation, has ended.
func (s *session) start(ctx context.Context, t *turn, handle handler) {
	before, ended := s.last[t.activation], make(chan struct{})
	t.Context, t.cancel = context.WithCancel(ctx)
	t.grown = make(chan struct{}, 1)
	s.turns[t.delivery], s.last[t.activation] = t, ended
	go func() {
		defer close(ended)
		if before != nil {
			select {
			case <-before:
			case <-t.Done(): // dropped before it began; the next one still waits for the one before
				s.end(t, handle)
				<-before
				return
			}
		}
		s.end(t, handle)
	}()
}

func (s *session) end(t *turn, handle handler) {
	var reply *mesh.Content
	message, err := unpack(t.content)
	if err == nil && t.Err() == nil {
		reply, err = handle(t, message)
	}
	turnEnd := &mesh.TurnEnd{Delivery: t.delivery, Activation: t.activation}
	var failed failure
	switch {
	case t.Err() != nil:
		cancelled := &mesh.Error{Code: mesh.ErrorCode_ERROR_CODE_CANCELLED, Outcome: mesh.Outcome_OUTCOME_UNKNOWN, Text: "the turn was cancelled"}
		turnEnd.Outcome = &mesh.TurnEnd_Error{Error: cancelled}
	case errors.As(err, &failed):
		turnEnd.Outcome = &mesh.TurnEnd_Error{Error: failed.reason}
	case reply != nil:
		turnEnd.Outcome = &mesh.TurnEnd_Reply{Reply: reply}
	}
	s.Lock()
	delete(s.turns, t.delivery)
	s.Unlock()
	t.cancel()
	s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_TurnEnd{TurnEnd: turnEnd}})
}

func (s *session) answer(t *turn, message proto.Message) (*mesh.Content, error) {
	unpack, streams := message.(*courier.Unpack)
	if !streams {
		parcel, err := s.carry(t, message)
		return pack(parcel), err
	}
	parcel, err := s.carry(t, unpack.Parcel)
	for number := int64(1); err == nil && number <= int64(unpack.Pieces); number++ {
		err = s.chunk(t, pack(&courier.Parcel{Number: number, Stamps: parcel.Stamps}))
	}
	return nil, err
}

func (s *session) handle(t *turn, message proto.Message) (*mesh.Content, error) {
	parcel, err := s.carry(t, message)
	if err == nil {
		s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Publish{Publish: &mesh.Publish{Sequence: sequences.Add(1),
			Topic:   &mesh.TopicId{Type: "delivered", Source: t.agent.Key},
			Content: pack(parcel), Activation: t.activation, Parent: t.delivery}}})
	}
	return nil, err
}

// carry stamps a parcel and sends it along its route.
func (s *session) carry(t *turn, message proto.Message) (*courier.Parcel, error) {
	parcel, isParcel := message.(*courier.Parcel)
	if !isParcel || parcel.GetWeightGrams() == 0 {
		return nil, fail(mesh.ErrorCode_ERROR_CODE_APPLICATION, executed, "WEIGHTLESS", "a parcel without weight is lost")
	}
	parcel.Stamps = append(parcel.Stamps, &courier.Stamp{Agent: t.agent.Type + "/" + t.agent.Key, WeightGrams: parcel.WeightGrams})
	if len(parcel.Route) == 0 {
		return parcel, nil
	}
	target, reply := &mesh.AgentId{Type: parcel.Route[0], Key: t.agent.Key}, make(chan *mesh.Result, 1)
	parcel.Route = parcel.Route[1:]
	s.Lock()
	s.requests++
	request := s.requests
	s.replies[request] = reply
	s.Unlock()
	s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Send{Send: &mesh.Send{Request: request, Target: target,
		Content: pack(parcel), Activation: t.activation, Parent: t.delivery}}})
	select {
	case result := <-reply:
		if err := result.GetError(); err != nil {
			return nil, fail(mesh.ErrorCode_ERROR_CODE_HANDLER_FAILED, executed, "", "%s: %s", target.Type, err.Text)
		}
		message, err := unpack(result.GetReply())
		parcel, _ := message.(*courier.Parcel)
		return parcel, err
	case <-t.Done():
		return nil, t.Err()
	}
}

// chunk sends one element as soon as both parts of the credit are above 0.
func (s *session) chunk(t *turn, content *mesh.Content) error {
	for {
		s.Lock()
		room := t.chunks > 0 && t.bytes > 0
		if room {
			t.chunks, t.bytes = t.chunks-1, t.bytes-proto.Size(content)
		}
		s.Unlock()
		if room {
			break
		}
		select {
		case <-t.grown:
		case <-t.Done():
			return t.Err()
		}
	}
	s.say(&mesh.WorkerFrame{Kind: &mesh.WorkerFrame_Chunk{Chunk: &mesh.ReplyChunk{Delivery: t.delivery, Activation: t.activation, Content: content}}})
	return nil
}

// connect opens one session and returns when it is over.
func connect(client mesh.GatewayServiceClient) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := client.Connect(ctx)
	if err != nil {
		return err
	}
	s := &session{stream: stream, replies: map[uint64]chan *mesh.Result{}, turns: map[uint64]*turn{}, last: map[uint64]chan struct{}{}}
	return s.run(ctx)
}

func main() {
	connection, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(5<<20)))
	if err != nil {
		panic(err)
	}
	for { // a broken stream has ended its session: the next one starts anew
		fmt.Println(agentType, "lost", host+":", connect(mesh.NewGatewayServiceClient(connection)))
		time.Sleep(200 * time.Millisecond)
	}
}
